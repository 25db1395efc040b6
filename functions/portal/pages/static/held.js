// A credential of whoever looks at the page: held in a variable, never written down, and forgotten after a quarter of an
// hour in which it was not used.

const IDLE = 15 * 60 * 1000;

export function held() {
  let value = null;
  let timer = null;
  const forget = () => {
    value = null;
    clearTimeout(timer);
  };
  const keep = (given) => {
    value = given;
    clearTimeout(timer);
    timer = setTimeout(forget, IDLE);
  };
  return {
    /** What is held, or null. To look is no use of it. */
    get value() {
      return value;
    },
    keep,
    forget,
    /** What is held, for another quarter of an hour; null without it. */
    use() {
      if (value !== null) keep(value);
      return value;
    },
  };
}
