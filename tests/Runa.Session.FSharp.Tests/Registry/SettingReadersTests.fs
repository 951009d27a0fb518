module internal Runa.Session.Tests.SettingReadersTests

let internal nothing = ()
