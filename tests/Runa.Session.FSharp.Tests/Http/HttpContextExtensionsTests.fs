module internal Runa.Session.Tests.HttpContextExtensionsTests

let internal nothing = ()
