module internal Runa.Session.Tests.SettingsRulesTests

let internal nothing = ()
