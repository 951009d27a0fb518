module Runa.Session.Tests.ServiceCollectionExtensionsTests

let internal nothing = ()
