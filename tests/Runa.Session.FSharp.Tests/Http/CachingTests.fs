module Runa.Session.Tests.CachingTests

let internal nothing = ()
