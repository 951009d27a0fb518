module internal Runa.Session.Tests.ResponseHeadersTests

let internal nothing = ()
