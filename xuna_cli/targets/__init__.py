"""Make a call target from a contact: phone number, template, override."""
