namespace Runa;

/// <summary>A driver written in C# as everything else in the library knows drivers.</summary>
public static class SessionDriverExtensions
{
    /// <summary>
    /// The driver in the form of the built-in ones, for what takes those: the conformance suite. To register it,
    /// <see cref="RunaSessionBuilder.AddDriver(string, ISessionDriver)"/> takes it as it is.
    /// </summary>
    /// <param name="driver">The driver. Its name, guarantee and index are asked now, and not again.</param>
    /// <exception cref="ArgumentNullException">The driver is null.</exception>
    /// <exception cref="InvalidOperationException">It has no name, or no guarantee that there is.</exception>
    public static SessionDriver ToSessionDriver(this ISessionDriver driver)
    {
        ArgumentNullException.ThrowIfNull(driver);
        return DriverAdapter.Adapt(driver);
    }
}
