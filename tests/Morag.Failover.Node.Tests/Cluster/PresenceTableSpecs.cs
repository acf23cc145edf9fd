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
            table.Dispose();
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
    public async Task Should_let_one_node_form_a_cluster_when_many_try_at_the_same_time()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));

        var formed = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => table.FormAsync($"n:{number}#1", "core", Dead())));

        Assert.Single(formed, true);
        var overview = await table.ReadAsync();
        Assert.Equal("core", overview.OwnerRole);
        Assert.InRange(Assert.Single(overview.Rows).Value.Remaining, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        _ = Assert.Single((await table.RenewAsync(overview.Rows.Keys.Single())).Nodes!);
    }

    [ServerTheory]
    [InlineData("foo")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("xfoo")]
    [InlineData("nan")]
    [InlineData("-1")]
    [InlineData("1e300")]
    [InlineData("99999999999999999999999999")]
    public async Task Should_go_on_when_a_value_is_damaged(string damaged)
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        await using var redis = await server.ConnectAsync();
        _ = await table.RenewAsync("a#1");
        await redis.GetDatabase().HashSetAsync(PresenceTable.Key, "b#2", damaged);

        Assert.Equal(["a#1"], (await table.ReadAsync()).Rows.Keys);
        var isMark = damaged.StartsWith('x');
        Assert.Equal(isMark, await table.TakeOverAsync("a#1", "b#2"));
        Assert.False(await table.TakeOverAsync("b#2", "a#1"));
        Assert.Equal(["a#1"], (await table.RenewAsync("a#1")).Nodes!.Keys);
        Assert.False(await redis.GetDatabase().HashExistsAsync(PresenceTable.Key, "b#2"));

        await redis.GetDatabase().HashSetAsync(PresenceTable.Key, "a#1", damaged);
        Assert.Equal(isMark, (await table.RenewAsync("a#1")).Nodes is null);
    }

    [ServerFact]
    public async Task Should_take_over_from_dead_nodes_when_a_node_forms_a_cluster()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        _ = await table.RenewAsync("a#1");
        var last = (await table.ReadAsync()).Rows["a#1"].Value;
        Assert.False(await table.FormAsync("b#2", "", Dead()));
        Assert.False(await table.FormAsync("b#2", "", Dead(("a#1", "another"))));

        Assert.True(await table.FormAsync("b#2", "", Dead(("a#1", last))));

        Assert.Null((await table.RenewAsync("a#1")).Nodes);
        Assert.Equal(["b#2"], (await table.ReadAsync()).Rows.Keys);
        Assert.Equal("", (await table.ReadAsync()).OwnerRole);
    }

    [ServerFact]
    public async Task Should_refuse_to_form_a_cluster_when_a_node_has_renewed_since_it_was_found_dead()
    {
        var table = TableOf(TimeSpan.FromMinutes(1));
        _ = await table.RenewAsync("a#1");
        var last = (await table.ReadAsync()).Rows["a#1"].Value;
        while ((await table.ReadAsync()).Rows["a#1"].Value == last)
        {
            _ = await table.RenewAsync("a#1");
        }

        Assert.False(await table.FormAsync("b#2", "", Dead(("a#1", last))));
        Assert.NotNull((await table.RenewAsync("a#1")).Nodes);
    }

    private static Dictionary<string, string> Dead(params (string Node, string Value)[] nodes) =>
        nodes.ToDictionary(node => node.Node, node => node.Value, StringComparer.Ordinal);

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
    public async Task Should_fail_and_write_nothing_when_another_redis_answers()
    {
        var table = TableOf(TimeSpan.FromMinutes(1), identity: "the journal of this cluster");

        Func<Task>[] calls =
        [
            () => table.RenewAsync("a#1"),
            table.ReadAsync,
            () => table.FormAsync("a#1", "", Dead()),
            () => table.TakeOverAsync("a#1", "b#2"),
            () => table.EndAsync("a#1"),
        ];

        foreach (var call in calls)
        {
            var failure = await Assert.ThrowsAsync<PresenceException>(call);
            Assert.Contains("morag:journal-id in Redis is not the journal of this cluster", failure.Message, StringComparison.Ordinal);
        }

        await using var connection = await server.ConnectAsync();
        Assert.False(await connection.GetDatabase().KeyExistsAsync(PresenceTable.Key));
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
