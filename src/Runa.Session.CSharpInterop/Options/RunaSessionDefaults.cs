namespace Runa;

/// <summary>Defaults of the library.</summary>
public static class RunaSessionDefaults
{
    /// <summary>The session that is used if no name is given.</summary>
    public const string Name = "web";
}
