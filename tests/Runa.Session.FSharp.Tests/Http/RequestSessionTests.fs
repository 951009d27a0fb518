module Runa.Session.Tests.RequestSessionTests

let internal nothing = ()
