module internal Runa.Session.Tests.ServiceCollectionExtensionsTests

let internal nothing = ()
