# As read.mjs, with PyPI's python-dotenv and PyYAML.
import io
import json
import sys

import dotenv
import yaml


def parse_dotenv(text):
    return dict(dotenv.dotenv_values(stream=io.StringIO(text)))


def read(text):
    try:
        return parse(text)
    except yaml.YAMLError:
        return None


parse = {"dotenv": parse_dotenv, "yaml": yaml.safe_load}[sys.argv[1]]
json.dump([read(text) for text in json.loads(sys.stdin.buffer.read())], sys.stdout)
