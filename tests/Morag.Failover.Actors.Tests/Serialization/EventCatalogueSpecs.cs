using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Live;
using ProtoBuf;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>docs/event-catalogue.md lists every stored and live type with its fields, and nothing else.</summary>
public sealed class EventCatalogueSpecs
{
    [Fact]
    public async Task Should_list_every_type_with_its_fields_when_it_is_stored_or_published()
    {
        var stored = WireTypes.Stored.All.Select(type => Row(WireTypes.Stored.Manifest(type), type));
        var live = WireTypes.Messages.All
            .Where(typeof(ILiveEvent).IsAssignableFrom)
            .Select(type => Row(WireTypes.Messages.Manifest(type), type));
        var catalogue = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "event-catalogue.md"));
        var listed = Regex.Matches(catalogue, @"^\| `([a-z.-]+)` \|.*\| (.*) \|$", RegexOptions.Multiline)
            .Select(match => $"{match.Groups[1].Value}: {match.Groups[2].Value}");

        Assert.Equal(stored.Concat(live).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    private static string Row(string manifest, Type type)
    {
        var fields = type.GetProperties()
            .Select(property => (property.Name, Member: property.GetCustomAttribute<ProtoMemberAttribute>()))
            .Where(property => property.Member is not null)
            .OrderBy(property => property.Member!.Tag)
            .Select(property => $"`{JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)}`");
        return $"{manifest}: {string.Join(", ", fields)}";
    }
}
