using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Morag.Failover.Actors.Serialization;
using ProtoBuf;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>
/// Pins the number of every member of every enum that is stored or sent, in <c>golden-enums.txt</c>. Protobuf writes the number, so a
/// member that gets another one changes the meaning of stored data without any error. A line is never changed or removed; a new member is
/// added with <c>MORAG_ADD_GOLDEN=1</c>.
/// </summary>
public sealed class GoldenEnumsSpecs
{
    private const string FileName = "golden-enums.txt";

    private static readonly ImmutableArray<string> Golden =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, FileName)).Where(line => line.Length > 0)];

    private static readonly ImmutableArray<string> Found =
    [
        .. from type in StoredOrSent().OrderBy(type => type.Name, StringComparer.Ordinal)
           from member in Enum.GetNames(type)
           let number = Convert.ToInt64(Enum.Parse(type, member), CultureInfo.InvariantCulture)
           select string.Create(CultureInfo.InvariantCulture, $"{type.Name}.{member} {number}"),
    ];

    [Fact]
    public void Should_pin_every_member_when_an_enum_is_stored_or_sent()
    {
        var missing = Found.Except(Golden).ToList();
        if (Environment.GetEnvironmentVariable("MORAG_ADD_GOLDEN") == "1")
        {
            File.AppendAllLines(SourceFile(), missing);
        }

        Assert.True(missing.Count == 0, $"add to {FileName}, or run once with MORAG_ADD_GOLDEN=1:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void Should_keep_the_number_of_a_member_when_it_was_stored_or_sent_before() =>
        Assert.Empty(Golden.Except(Found));

    [Fact]
    public void Should_find_the_enums_of_contracts_and_domain_when_it_looks_for_them() =>
        Assert.All(["FailureType.", "OfflineCause.", "FenceKind.", "TaskPriority."], prefix => Assert.Contains(
            Found, line => line.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>The enums that a message, event or snapshot holds, directly or in a record of it.</summary>
    private static HashSet<Type> StoredOrSent()
    {
        var seen = new HashSet<Type>();
        var toVisit = new Stack<Type>(WireTypes.Messages.All.Concat(WireTypes.Stored.All));
        while (toVisit.TryPop(out var type))
        {
            if (!seen.Add(type))
            {
                continue;
            }

            foreach (var argument in type.GetGenericArguments())
            {
                toVisit.Push(argument);
            }

            foreach (var property in type.GetProperties().Where(property => property.IsDefined(typeof(ProtoMemberAttribute))))
            {
                toVisit.Push(property.PropertyType);
            }
        }

        seen.RemoveWhere(type => !type.IsEnum);
        return seen;
    }

    private static string SourceFile([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, FileName);
}
