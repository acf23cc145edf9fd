using Morag.Failover.Node.Cluster;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>Renewals and take-overs on a real Redis: of the two, exactly one wins.</summary>
public sealed class PresenceTableSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly List<PresenceTable> tables = [];

    public Task InitializeAsync() => server.FlushAsync();

    public async Task DisposeAsync()
    {
        foreach (var table in tables)
        {
            await table.DisposeAsync();
        }
    }

    [ServerFact]
    public async Task Should_show_every_node_that_renews()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));

        _ = await table.RenewAsync("a#1");
        var reading = await table.RenewAsync("b#2");

        Assert.Equal(["a#1", "b#2"], reading.Nodes!.Keys.Order(StringComparer.Ordinal));
        Assert.All(reading.Nodes.Values, entry => Assert.InRange(entry.Remaining, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)));
    }

    [ServerFact]
    public async Task Should_refuse_to_take_over_from_a_node_that_is_present()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        _ = await table.RenewAsync("a#1");
        _ = await table.RenewAsync("b#2");

        Assert.False(await table.TakeOverAsync("a#1", "b#2"));
        Assert.NotNull((await table.RenewAsync("b#2")).Nodes);
    }

    [ServerFact]
    public async Task Should_tell_a_node_at_its_next_renewal_that_it_was_taken_over()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        _ = await table.RenewAsync("a#1");
        await ExpireAsync("b#2");

        Assert.True(await table.TakeOverAsync("a#1", "b#2"));
        Assert.True(await table.TakeOverAsync("a#1", "b#2"));

        Assert.Null((await table.RenewAsync("b#2")).Nodes);
        Assert.True((await table.RenewAsync("a#1")).Nodes!["b#2"].IsTakenOver);
    }

    [ServerFact]
    public async Task Should_refuse_a_node_that_has_not_renewed_its_own_presence()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        await ExpireAsync("a#1");
        await ExpireAsync("b#2");

        Assert.False(await table.TakeOverAsync("a#1", "b#2"));
        Assert.False(await table.TakeOverAsync("never-seen#4", "b#2"));
    }

    [ServerFact]
    public async Task Should_refuse_a_member_that_never_had_a_presence()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        _ = await table.RenewAsync("a#1");

        Assert.False(await table.TakeOverAsync("a#1", "older-version#7"));
    }

    [ServerFact]
    public async Task Should_end_the_presence_of_a_node_that_the_cluster_downed()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        _ = await table.RenewAsync("b#2");

        await table.EndAsync("b#2");

        Assert.Null((await table.RenewAsync("b#2")).Nodes);
    }

    [ServerFact]
    public async Task Should_fail_when_another_redis_answers()
    {
        var table = TableOf(TimeSpan.FromMinutes(1), identity: "the journal of this cluster");

        var failure = await Assert.ThrowsAsync<PresenceException>(() => table.RenewAsync("a#1"));
        Assert.Contains("morag:journal-id in Redis is not the journal of this cluster", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Leaves what a process leaves that died a few seconds ago.</summary>
    private async Task ExpireAsync(string node)
    {
        await using var connection = await server.ConnectAsync();
        var expired = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 5_000;
        _ = await connection.GetDatabase().HashSetAsync(PresenceTable.Key, node, expired);
    }

    private PresenceTable TableOf(TimeSpan timeout, string? identity = null)
    {
        var table = new PresenceTable(new PresenceTableSettings
        {
            ConnectionString = server.ConnectionString,
            Timeout = timeout,
            IdentityKey = identity is null ? null : "morag:journal-id",
            IdentityValue = identity,
        });
        tables.Add(table);
        return table;
    }
}
