using System.Text.RegularExpressions;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>docs/event-catalogue.md names what there is, and nothing else.</summary>
public sealed class EventCatalogueSpecs
{
    [Fact]
    public async Task Should_name_all_there_is_when_it_is_stored_or_published()
    {
        var stored = WireTypes.Stored.All.Select(WireTypes.Stored.Manifest);
        var live = WireTypes.Messages.All.Where(typeof(ILiveEvent).IsAssignableFrom).Select(WireTypes.Messages.Manifest);
        var catalogue = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "event-catalogue.md"));
        var named = Regex.Matches(catalogue, @"^\| `((?:owner|queue|failover|worker|directory|snapshot)\.[a-z-]+|live-[a-z]+)`", RegexOptions.Multiline).Select(match => match.Groups[1].Value);

        Assert.Equal(stored.Concat(live).Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }
}
