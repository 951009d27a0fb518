namespace Runa;

/// <summary>What stands where nothing is said.</summary>
public static class RunaSessionDefaults
{
    /// <summary>The session that is meant where no name is given.</summary>
    public const string Name = "web";
}
