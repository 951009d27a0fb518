using System.Diagnostics.CodeAnalysis;
using Microsoft.FSharp.Core;

namespace Runa;

public sealed partial class RunaSession
{
    /// <summary>The names of the keys that have a value, in ordinal order.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public IReadOnlyList<string> Keys => SessionModule.keys(Current);

    /// <summary>Whether the session holds a value under the key, even one that cannot be decoded.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">The key's name is empty or not valid Unicode.</exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public bool Has<T>(SessionKey<T> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return SessionModule.has(key, Current);
    }

    /// <inheritdoc cref="Has{T}(SessionKey{T})"/>
    public bool Has(string key) => Has(NamedKeys.OfAny(key));

    /// <summary>
    /// The value, or the default of its type if it is missing or cannot be decoded. The latter is logged and counted.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">The key's name is empty or not valid Unicode.</exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public T? Get<T>(SessionKey<T> key) => Get(key, default!);

    /// <summary>The value, or another one if it is missing or cannot be decoded.</summary>
    /// <param name="key">The key.</param>
    /// <param name="defaultValue">The value to return then.</param>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">The key's name is empty or not valid Unicode.</exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public T Get<T>(SessionKey<T> key, T defaultValue)
    {
        ArgumentNullException.ThrowIfNull(key);
        return SessionModule.getOr(key, defaultValue, Current);
    }

    /// <inheritdoc cref="Get{T}(SessionKey{T})"/>
    [RequiresUnreferencedCode(NamedKeys.Unreferenced)]
    [RequiresDynamicCode(NamedKeys.Dynamic)]
    public T? Get<T>(string key) => Get(NamedKeys.Of<T>(key));

    /// <inheritdoc cref="Get{T}(SessionKey{T}, T)"/>
    [RequiresUnreferencedCode(NamedKeys.Unreferenced)]
    [RequiresDynamicCode(NamedKeys.Dynamic)]
    public T Get<T>(string key, T defaultValue) => Get(NamedKeys.Of<T>(key), defaultValue);

    /// <summary>Gets the value. False: it is missing or cannot be decoded.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, or the default of its type.</param>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">The key's name is empty or not valid Unicode.</exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public bool TryGet<T>(SessionKey<T> key, [MaybeNullWhen(false)] out T value)
    {
        ArgumentNullException.ThrowIfNull(key);
        var found = SessionModule.tryGet(key, Current);
        value = found is null ? default : found.Value;
        return found is not null;
    }

    /// <inheritdoc cref="TryGet{T}(SessionKey{T}, out T)"/>
    [RequiresUnreferencedCode(NamedKeys.Unreferenced)]
    [RequiresDynamicCode(NamedKeys.Dynamic)]
    public bool TryGet<T>(string key, [MaybeNullWhen(false)] out T value) => TryGet(NamedKeys.Of<T>(key), out value);

    /// <summary>Sets the value. It is encoded at once, so a later change to a mutable object has no effect.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">
    /// The key's name is empty or not valid Unicode, or this value cannot be stored by the key's codec.
    /// </exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public void Set<T>(SessionKey<T> key, T value)
    {
        ArgumentNullException.ThrowIfNull(key);
        Leave(SessionModule.set(key, value, Current));
    }

    /// <inheritdoc cref="Set{T}(SessionKey{T}, T)"/>
    [RequiresUnreferencedCode(NamedKeys.Unreferenced)]
    [RequiresDynamicCode(NamedKeys.Dynamic)]
    public void Set<T>(string key, T value) => Set(NamedKeys.Of<T>(key), value);

    /// <summary>
    /// Sets what the function returns for the value, or for the default value if there is none, and returns it. If another
    /// request changed the value meanwhile, the function runs again on the newer value, so that no update is lost: it
    /// must be pure.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="defaultValue">The value to start from if there is none.</param>
    /// <param name="update">Returns the new value.</param>
    /// <exception cref="ArgumentNullException">The key or the function is null.</exception>
    /// <exception cref="ArgumentException">
    /// The key's name is empty or not valid Unicode, or this value cannot be stored by the key's codec.
    /// </exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public T Update<T>(SessionKey<T> key, T defaultValue, Func<T, T> update)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(update);
        var (value, session) = Updated(key, defaultValue, update);
        Leave(session);
        return value;
    }

    private ValueTuple<T, SessionValue> Updated<T>(SessionKey<T> key, T defaultValue, Func<T, T> update)
    {
        var wasUpdating = _isUpdating;
        _isUpdating = true;

        try
        {
            return SessionModule.updateAgain(key, defaultValue, FuncConvert.FromFunc(InStep(update)), Current);
        }
        finally
        {
            _isUpdating = wasUpdating;
        }
    }

    /// <summary>
    /// Marks the function as part of a step whenever it runs. A merge runs it again, and this object is not involved
    /// then.
    /// </summary>
    private Func<T, T> InStep<T>(Func<T, T> update)
    {
        if (_scope is not { } scope)
        {
            return update;
        }

        return value =>
        {
            var before = scope.BeginStep();

            try
            {
                return update(value);
            }
            finally
            {
                scope.EndStep(before);
            }
        };
    }

    /// <inheritdoc cref="Update{T}(SessionKey{T}, T, Func{T, T})"/>
    [RequiresUnreferencedCode(NamedKeys.Unreferenced)]
    [RequiresDynamicCode(NamedKeys.Dynamic)]
    public T Update<T>(string key, T defaultValue, Func<T, T> update) => Update(NamedKeys.Of<T>(key), defaultValue, update);

    /// <summary>Removes the value, if there is one.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">The key's name is empty or not valid Unicode.</exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    public bool Remove<T>(SessionKey<T> key)
    {
        var had = Has(key);
        Leave(SessionModule.remove(key, Current));
        return had;
    }

    /// <inheritdoc cref="Remove{T}(SessionKey{T})"/>
    public bool Remove(string key) => Remove(NamedKeys.OfAny(key));

    /// <summary>Queues a value for the next request that takes it, usually the page after a redirect.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">
    /// The key's name is empty or not valid Unicode, or this value cannot be stored by the key's codec.
    /// </exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public void Flash<T>(SessionKey<T> key, T value)
    {
        ArgumentNullException.ThrowIfNull(key);
        Leave(SessionModule.flash(key, value, Current));
    }

    /// <inheritdoc cref="Flash{T}(SessionKey{T}, T)"/>
    [RequiresUnreferencedCode(NamedKeys.Unreferenced)]
    [RequiresDynamicCode(NamedKeys.Dynamic)]
    public void Flash<T>(string key, T value) => Flash(NamedKeys.Of<T>(key), value);

    /// <summary>
    /// Takes the values queued under the key, oldest first. Each is taken once: if another request has taken one of
    /// them first, this request fails with <see cref="SessionConflictException"/>; inside <c>UpdateRunaSessionAsync</c>
    /// the step runs again instead. Values that cannot be decoded stay queued.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ArgumentNullException">The key is null.</exception>
    /// <exception cref="ArgumentException">The key's name is empty or not valid Unicode.</exception>
    /// <exception cref="NotSupportedException">The type cannot be stored by the key's codec.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    public IReadOnlyList<T> TakeFlashes<T>(SessionKey<T> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var (taken, session) = SessionModule.takeFlashes(key, Current);
        Leave(session);
        return taken;
    }

    /// <inheritdoc cref="TakeFlashes{T}(SessionKey{T})"/>
    [RequiresUnreferencedCode(NamedKeys.Unreferenced)]
    [RequiresDynamicCode(NamedKeys.Dynamic)]
    public IReadOnlyList<T> TakeFlashes<T>(string key) => TakeFlashes(NamedKeys.Of<T>(key));

    /// <summary>All values as one JSON object.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public string ToJson() => SessionModule.toJson(Current);
}
