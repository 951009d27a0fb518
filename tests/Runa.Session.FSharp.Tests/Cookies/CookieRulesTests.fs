module internal Runa.Session.Tests.CookieRulesTests

let internal nothing = ()
