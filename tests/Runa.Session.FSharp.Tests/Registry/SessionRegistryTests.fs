module internal Runa.Session.Tests.SessionRegistryTests

let internal nothing = ()
