module Runa.Session.Tests.ErrorPageTests

let internal nothing = ()
