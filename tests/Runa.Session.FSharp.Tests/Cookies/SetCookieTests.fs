module internal Runa.Session.Tests.SetCookieTests

let internal nothing = ()
