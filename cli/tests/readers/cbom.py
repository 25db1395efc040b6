# Validates bills of materials by the schema that CycloneDX publishes: null for each that is right, else what is wrong.
import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion[f"V{sys.argv[1].replace('.', '_')}"])
errors = [validator.validate_str(text) for text in json.load(sys.stdin)]
json.dump([error and str(error) for error in errors], sys.stdout)
