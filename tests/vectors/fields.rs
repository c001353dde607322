//! Reads JSON objects strictly: an unknown key is an error.

use serde_json::{Map, Value};

/// What is left of an object.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn of(value: Value) -> Result<Fields, String> {
        serde_json::from_value(value).map(Fields).map_err(|e| format!("an object was expected: {e}"))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    /// A text; missing = empty.
    pub(crate) fn text(&mut self, key: &str) -> Result<String, String> {
        Ok(self.maybe_text(key)?.unwrap_or_default())
    }

    pub(crate) fn maybe_text(&mut self, key: &str) -> Result<Option<String>, String> {
        self.take(key).map(|value| serde_json::from_value(value).map_err(wrong(key))).transpose()
    }

    /// A whole number; missing = 0.
    pub(crate) fn number<N: TryFrom<i64> + Default>(&mut self, key: &str) -> Result<N, String> {
        let Some(value) = self.take(key) else { return Ok(N::default()) };
        let number: i64 = serde_json::from_value(value).map_err(wrong(key))?;
        N::try_from(number).map_err(|_| format!("{key}: {number} is out of range"))
    }

    /// Missing = `default`.
    pub(crate) fn flag(&mut self, key: &str, default: bool) -> Result<bool, String> {
        self.take(key).map_or(Ok(default), |value| serde_json::from_value(value).map_err(wrong(key)))
    }

    /// Missing = empty.
    pub(crate) fn list(&mut self, key: &str) -> Result<Vec<Value>, String> {
        self.take(key).map_or(Ok(Vec::new()), |value| serde_json::from_value(value).map_err(wrong(key)))
    }

    /// Missing = empty.
    pub(crate) fn object(&mut self, key: &str) -> Result<Map<String, Value>, String> {
        self.take(key).map_or(Ok(Map::new()), |value| serde_json::from_value(value).map_err(wrong(key)))
    }

    /// A text on the wire, which may be given as a JSON object.
    pub(crate) fn wire(&mut self, key: &str) -> Result<String, String> {
        if self.0.get(key).is_some_and(Value::is_object) {
            return Ok(Value::Object(self.object(key)?).to_string());
        }
        self.text(key)
    }

    /// Unread keys.
    pub(crate) fn rest(self) -> Value {
        Value::Object(self.0)
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(key) => Err(format!("unknown key {key:?}")),
        }
    }
}

/// The error for a value of the wrong type.
fn wrong(key: &str) -> impl Fn(serde_json::Error) -> String {
    move |e| format!("{key}: {e}")
}
