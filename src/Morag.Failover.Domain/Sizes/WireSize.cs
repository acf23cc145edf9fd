using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace Morag.Failover.Domain.Sizes;

/// <summary>
/// Estimates the bytes of a contract on the wire and in the store. Every size limit uses this estimate. It is derived from the type's
/// fields, so new messages, events and fields are counted automatically: texts exactly, numbers and times by a constant. A spec keeps it
/// between half and twice the real size for every type.
/// </summary>
public static class WireSize
{
    private const int Tag = 2;
    private const int NumberBytes = 4;
    private const int FixedBytes = 8;

    private static readonly ConcurrentDictionary<Type, Func<object, long>> ByType = new();
    private static readonly MethodInfo MakeUntyped = Own(nameof(Untyped));
    private static readonly MethodInfo MakeMember = Own(nameof(Member));
    private static readonly MethodInfo MakeId = Own(nameof(Id));
    private static readonly MethodInfo MakeNullable = Own(nameof(Nullable));
    private static readonly MethodInfo MakeMany = Own(nameof(Many));
    private static readonly MethodInfo MakePair = Own(nameof(Pair));

    /// <summary>The size of a value of a known type.</summary>
    public static long Of<T>(T value) => Known<T>.Bytes(value);

    /// <summary>The size of a message, an event or a part of a snapshot.</summary>
    public static long OfObject(object value) =>
        ByType.GetOrAdd(value.GetType(), type => (Func<object, long>)MakeUntyped.MakeGenericMethod(type).Invoke(null, null)!)(value);

    private static Func<object, long> Untyped<T>() => value => Known<T>.Bytes((T)value);

    /// <summary>How to measure a type.</summary>
    private static Func<T, long> For<T>()
    {
        var type = typeof(T);
        if (type == typeof(string))
        {
            return As<T, string?>(text => text is null ? 0 : Tag + Encoding.UTF8.GetByteCount(text));
        }

        if (type == typeof(JsonText))
        {
            return As<T, JsonText>(json => Tag + 1 + json.Length);
        }

        if (type == typeof(byte[]))
        {
            return As<T, byte[]?>(bytes => bytes is null ? 0 : Tag + 1 + bytes.Length);
        }

        if (type.IsEnum || type == typeof(bool))
        {
            return static _ => Tag;
        }

        if (type == typeof(int) || type == typeof(long) || type == typeof(LeaseEpoch))
        {
            return static _ => NumberBytes;
        }

        if (type == typeof(double) || type == typeof(DateTimeOffset) || type == typeof(TimeSpan))
        {
            return static _ => Tag + FixedBytes;
        }

        return (Func<T, long>)ForComposed(type);
    }

    private static object ForComposed(Type type)
    {
        if (System.Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return MakeNullable.MakeGenericMethod(underlying).Invoke(null, null)!;
        }

        if (Array.Exists(type.GetInterfaces(), face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(ITextId<>)))
        {
            return MakeId.MakeGenericMethod(type).Invoke(null, null)!;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
        {
            return MakePair.MakeGenericMethod(type.GetGenericArguments()).Invoke(null, null)!;
        }

        var items = Array.Find(
            type.GetInterfaces(), face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IEnumerable<>));
        return items is not null
            ? MakeMany.MakeGenericMethod(type, items.GetGenericArguments()[0]).Invoke(null, null)!
            : Own(nameof(Record)).MakeGenericMethod(type).Invoke(null, null)!;
    }

    private static Func<T, long> Record<T>()
    {
        var members = new List<Func<T, long>>();
        foreach (var property in typeof(T).GetProperties())
        {
            if (property.GetCustomAttribute<ProtoMemberAttribute>() is not null)
            {
                members.Add((Func<T, long>)MakeMember.MakeGenericMethod(typeof(T), property.PropertyType).Invoke(null, [property])!);
            }
        }

        if (members.Count == 0 && typeof(T).GetCustomAttribute<ProtoContractAttribute>() is null)
        {
            throw new NotSupportedException($"{typeof(T)} has no known size on the wire.");
        }

        Func<T, long>[] all = [.. members];
        return record =>
        {
            if (record is null)
            {
                return 0;
            }

            long bytes = Tag;
            foreach (var member in all)
            {
                bytes += member(record);
            }

            return bytes;
        };
    }

    private static Func<T, long> Member<T, TMember>(PropertyInfo property)
    {
        var read = property.GetMethod!.CreateDelegate<Func<T, TMember>>();
        return record => Known<TMember>.Bytes(read(record));
    }

    private static Func<TId, long> Id<TId>()
        where TId : struct, ITextId<TId> => id => Tag + (id.Value?.Length ?? 0);

    private static Func<T?, long> Nullable<T>()
        where T : struct => value => value is { } given ? Known<T>.Bytes(given) : 0;

    private static Func<TItems, long> Many<TItems, TItem>()
        where TItems : IEnumerable<TItem> => items =>
    {
        var bytes = 0L;
        if (items is ImmutableArray<TItem> array)
        {
            // Most lists are immutable arrays: counted without boxing an enumerator.
            foreach (var item in array.IsDefault ? [] : array)
            {
                bytes += Known<TItem>.Bytes(item);
            }

            return bytes;
        }

        foreach (var item in items)
        {
            bytes += Known<TItem>.Bytes(item);
        }

        return bytes;
    };

    private static Func<KeyValuePair<TKey, TValue>, long> Pair<TKey, TValue>() =>
        pair => Tag + Known<TKey>.Bytes(pair.Key) + Known<TValue>.Bytes(pair.Value);

    private static Func<T, long> As<T, TKnown>(Func<TKnown, long> count) => (Func<T, long>)(object)count;

    private static MethodInfo Own(string name) => typeof(WireSize).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>How to measure a type, built on first use because types may contain each other.</summary>
    private static class Known<T>
    {
        private static Func<T, long>? count;

        public static long Bytes(T value) => (count ??= For<T>())(value);
    }
}
