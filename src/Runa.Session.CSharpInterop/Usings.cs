// C# applications use the namespace Runa. Runa.Session is the F# library that this package is made of. Inside the namespace
// Runa, a name that both have means the one in Runa, and Session is the namespace Runa.Session.
global using Runa.Session;
global using SessionValue = Runa.Session.Session;
