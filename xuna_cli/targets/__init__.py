"""From a contact to a call target: phone number, template, override."""
