using System.Diagnostics.CodeAnalysis;

namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// Gives equal values one instance: a million tasks name the same few queues, workers and content types. It remembers at most one value
/// for each of <see cref="Slots"/> hash codes, so a value that is not remembered costs memory, and nothing else.
/// </summary>
/// <typeparam name="T">A type whose values do not change.</typeparam>
internal static class SharedValues<T>
    where T : class, IEquatable<T>
{
    private const int Slots = 1024;

    private static readonly T?[] Remembered = new T?[Slots];

    /// <summary>An instance that is equal to the value: the remembered one, or this one, which is remembered from now on.</summary>
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
