using System.Diagnostics.CodeAnalysis;

namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// Shares one instance among equal values, because a million tasks name the same few queues, workers and content types. It remembers at
/// most one value for each of <see cref="Slots"/> hash codes; a value that is not remembered only costs memory.
/// </summary>
/// <typeparam name="T">An immutable type.</typeparam>
internal static class SharedValues<T>
    where T : class, IEquatable<T>
{
    private const int Slots = 1024;

    private static readonly T?[] Remembered = new T?[Slots];

    /// <summary>The remembered instance that equals the value, or the value itself, which is then remembered.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static T? Of(T? value)
    {
        if (value is null)
        {
            return null;
        }

        // Two threads may remember different instances in turn: each is right.
        ref var slot = ref Remembered[value.GetHashCode() & (Slots - 1)];
        var known = Volatile.Read(ref slot);
        if (known is not null && known.Equals(value))
        {
            return known;
        }

        Volatile.Write(ref slot, value);
        return value;
    }
}
