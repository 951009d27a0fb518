module internal Runa.Session.Tests.RegistryBuilderTests

let internal nothing = ()
