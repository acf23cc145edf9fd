using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Serialization;
using ProtoBuf;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>
/// Holds <c>docs/message-sizes.md</c> to the types that there are: a new one needs a bound there before anything can send it.
/// </summary>
public sealed partial class MessageSizesSpecs() : TestKit(FailoverSerialization.Config)
{
    private static readonly Dictionary<string, int> Declared = Read();

    private static IEnumerable<Type> AllTypes => WireTypes.Messages.All.Concat(WireTypes.Stored.All);

    [Fact]
    public void Should_have_a_declared_bound_for_every_type_that_holds_texts_lists_or_bytes()
    {
        var growing = AllTypes.Where(type => !IsOfFixedSize(type, [])).Select(Manifest).ToHashSet();

        Assert.Empty(growing.Except(Declared.Keys).Order());
        Assert.Empty(Declared.Keys.Except(growing).Order());
    }

    [Fact]
    public void Should_declare_no_bound_above_the_limit_of_one_message() =>
        Assert.All(Declared, bound => Assert.InRange(bound.Value, 1, MessageLimits.MaxBytes / 1024));

    [Fact]
    public void Should_be_small_when_a_type_holds_only_ids_numbers_and_times() =>
        Assert.All(AllTypes.Where(type => IsOfFixedSize(type, [])), type => Assert.InRange(Bytes(SampleOf.Type(type)), 0, 4096));

    [Fact]
    public void Should_keep_the_largest_values_within_their_declared_bounds()
    {
        var driven =
            from row in (IEnumerable<object[]>)MessageBoundsSpecs.Paths
            from value in MessageBoundsSpecs.Driven((string)row[0])
            select value;

        Assert.All(LargestMessages.ByName.Values.Concat(driven), value => Assert.True(
            Bytes(value) <= Declared[Manifest(value.GetType())] * 1024,
            $"a \"{Manifest(value.GetType())}\" has {Bytes(value)} bytes; "
            + $"docs/message-sizes.md says {Declared[Manifest(value.GetType())]} KiB"));
    }

    private static Dictionary<string, int> Read() => new(
        from line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "message-sizes.md"))
        where line.StartsWith('|')
        let cells = line.Split('|', StringSplitOptions.TrimEntries)
        where int.TryParse(cells[2], NumberStyles.None, CultureInfo.InvariantCulture, out _)
        from name in Quoted().Matches(cells[3]).Select(match => match.Groups[1].Value)
        select KeyValuePair.Create(name, int.Parse(cells[2], CultureInfo.InvariantCulture)));

    private static bool IsOfFixedSize(Type type, HashSet<Type> seen)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.GetCustomAttribute<ProtoContractAttribute>() is null
            ? type.IsValueType && type != typeof(JsonText) && !typeof(IEnumerable).IsAssignableFrom(type)
            : !seen.Add(type) || type.GetProperties()
                .Where(property => property.GetCustomAttribute<ProtoMemberAttribute>() is not null)
                .All(property => IsOfFixedSize(property.PropertyType, seen));
    }

    private static string Manifest(Type type) =>
        (typeof(IWireMessage).IsAssignableFrom(type) ? WireTypes.Messages : WireTypes.Stored).Manifest(type);

    private int Bytes(object value) => Sys.Serialization.FindSerializerFor(value).ToBinary(value).Length;

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
