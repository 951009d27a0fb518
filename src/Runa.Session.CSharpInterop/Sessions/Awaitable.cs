namespace Runa;

/// <summary>Whether a step that returns this type would be async.</summary>
internal static class Awaitable<T>
{
    internal static readonly bool Is =
        typeof(Task).IsAssignableFrom(typeof(T))
        || typeof(T) == typeof(ValueTask)
        || (typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(ValueTask<>));
}
