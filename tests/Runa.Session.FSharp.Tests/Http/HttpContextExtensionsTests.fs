module Runa.Session.Tests.HttpContextExtensionsTests

let internal nothing = ()
