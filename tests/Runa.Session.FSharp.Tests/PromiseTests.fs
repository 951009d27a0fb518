module Runa.Session.Tests.PromiseTests

let internal nothing = ()
