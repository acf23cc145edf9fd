using System.Collections;
using System.Globalization;
using System.Reflection;
using ProtoBuf;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>
/// Makes a value of any wire type in which every field says something of its own, from nothing but the type: so a new type or a new
/// field is in the tests without anybody adding it.
/// </summary>
internal static class SampleOf
{
    private const int DeepestNesting = 6;

    public static object Type(Type type) => Make(type, type.Name, 1, 0)!;

    private static object? Make(Type type, string name, int number, int depth)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Make(underlying, name, number, depth);
        }

        if (type == typeof(string))
        {
            return name.ToLowerInvariant() + number.ToString(CultureInfo.InvariantCulture);
        }

        if (type == typeof(bool))
        {
            return true;
        }

        if (type.IsEnum)
        {
            return Enum.GetValues(type).GetValue(1);
        }

        if (type == typeof(int) || type == typeof(long) || type == typeof(double))
        {
            return Convert.ChangeType(1000 + number, type, CultureInfo.InvariantCulture);
        }

        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromMilliseconds(1500 + number);
        }

        if (type == typeof(DateTimeOffset))
        {
            return new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMilliseconds(number);
        }

        if (type == typeof(byte[]))
        {
            return BitConverter.GetBytes(number);
        }

        if (type == typeof(JsonText))
        {
            return JsonText.Trusted($$"""{"n":{{number}}}""");
        }

        if (type == typeof(LeaseEpoch))
        {
            return new LeaseEpoch(2000 + number);
        }

        if (IsTextId(type))
        {
            return Activator.CreateInstance(type, name.ToLowerInvariant() + "-" + number.ToString(CultureInfo.InvariantCulture));
        }

        if (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type))
        {
            return MakeCollection(type, name, number, depth);
        }

        return depth > DeepestNesting ? null : MakeRecord(type, depth);
    }

    private static object MakeRecord(Type type, int depth)
    {
        var record = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties())
        {
            if (property.GetCustomAttribute<ProtoMemberAttribute>() is { } member)
            {
                property.SetValue(record, Make(property.PropertyType, property.Name, member.Tag, depth + 1));
            }
        }

        return record;
    }

    private static object MakeCollection(Type type, string name, int number, int depth)
    {
        var arguments = type.GetGenericArguments();
        if (arguments.Length == 2)
        {
            var dictionary = type.GetField("Empty", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
            return type.GetMethod("Add")!.Invoke(
                dictionary, [Make(arguments[0], name, number, depth + 1), Make(arguments[1], name, number, depth + 1)])!;
        }

        var item = Make(arguments[0], name, number, depth + 1);
        var items = Array.CreateInstance(arguments[0], item is null ? 0 : 1);
        if (item is not null)
        {
            items.SetValue(item, 0);
        }

        var factory = type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) ? typeof(ImmutableArray)
            : type.GetGenericTypeDefinition() == typeof(ImmutableList<>) ? typeof(ImmutableList)
            : throw new NotSupportedException($"{type} has no place in a wire type: use ImmutableArray or a dictionary");
        return factory.GetMethods()
            .Single(
                method => method.Name == "CreateRange" && method.GetParameters().Length == 1 && method.GetGenericArguments().Length == 1)
            .MakeGenericMethod(arguments[0])
            .Invoke(null, [items])!;
    }

    private static bool IsTextId(Type type) =>
        type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(ITextId<>));
}
