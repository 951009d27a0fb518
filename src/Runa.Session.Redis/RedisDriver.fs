namespace Runa.Session
