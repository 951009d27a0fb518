module internal Runa.Session.Tests.JsonTextTests

let internal nothing = ()
