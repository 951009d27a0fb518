module internal Runa.Session.Tests.ErrorPageTests

let internal nothing = ()
