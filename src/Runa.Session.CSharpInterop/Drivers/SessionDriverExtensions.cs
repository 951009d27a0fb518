namespace Runa;

/// <summary>Converts a driver written in C#.</summary>
public static class SessionDriverExtensions
{
    /// <summary>
    /// The driver in the form of the built-in ones, for the conformance suite. To register the driver, give it to
    /// <see cref="RunaSessionBuilder.AddDriver(string, ISessionDriver)"/> as it is.
    /// </summary>
    /// <param name="driver">The driver. Its name, guarantee and index are read now, and only once.</param>
    /// <exception cref="ArgumentNullException">The driver is null.</exception>
    /// <exception cref="InvalidOperationException">It has no name, or its guarantee is undefined.</exception>
    public static SessionDriver ToSessionDriver(this ISessionDriver driver)
    {
        ArgumentNullException.ThrowIfNull(driver);
        return DriverAdapter.Adapt(driver);
    }
}
