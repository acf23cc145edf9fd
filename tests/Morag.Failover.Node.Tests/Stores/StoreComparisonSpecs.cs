using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Tests.Stores;

public sealed class StoreComparisonSpecs
{
    private static readonly RecordedJournal Known = new() { JournalId = "mine", Writes = 100, SeenAt = DateTimeOffset.UnixEpoch };
    private static readonly FoundStore Whole = new() { JournalId = "mine", Writes = 100, HasData = true };

    [Fact]
    public void Should_take_the_journal_that_it_knows() => Assert.IsType<StoreVerdict.Same>(StoreComparison.AtStart(Whole, Known));

    [Fact]
    public void Should_take_an_empty_store_at_the_very_first_start() =>
        Assert.IsType<StoreVerdict.Empty>(StoreComparison.AtStart(new FoundStore(), recorded: null));

    [Fact]
    public void Should_take_any_journal_when_it_knows_none() =>
        Assert.Equal(new StoreVerdict.Other(null), StoreComparison.AtStart(Whole, recorded: null));

    [Fact]
    public void Should_follow_when_an_operator_has_replaced_the_journal()
    {
        var verdict = StoreComparison.AtStart(
            Whole with { JournalId = "new", Writes = 0, Replaced = new HashSet<string> { "mine" } },
            Known);

        Assert.Contains("an operator replaced journal mine", Assert.IsType<StoreVerdict.Other>(verdict).Why, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Losses => new()
    {
        { "emptied", "it is empty, but it held journal mine with 100 writes" },
        { "without its id", "it holds events, but the id of journal" },
        { "another", "it holds journal another, but this node's journal is mine" },
        { "older", "it holds an older state of journal mine: 99 writes, but there were 100 writes" },
        { "damaged", "journal mine is damaged: keys were evicted" },
        { "unnamed", "it holds events but no journal id" },
    };

    [Theory]
    [MemberData(nameof(Losses))]
    public void Should_say_what_is_lost_when_it_is(string how, string what)
    {
        var (found, known) = how switch
        {
            "emptied" => (new FoundStore(), Known),
            "without its id" => (Whole with { JournalId = null }, Known),
            "another" => (Whole with { JournalId = "another" }, Known),
            "older" => (Whole with { Writes = 99 }, Known),
            "damaged" => (Whole, Known with { Damage = "keys were evicted" }),
            "unnamed" => (Whole with { JournalId = null }, null),
            _ => throw new InvalidOperationException(how),
        };

        Assert.StartsWith(what, Assert.IsType<StoreVerdict.Lost>(StoreComparison.AtStart(found, known)).What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("noeviction", 1, false, false, false)]
    [InlineData("allkeys-lru", 1, true, false, false)]
    [InlineData("allkeys-random", 30_000_000, true, false, false)]
    [InlineData("allkeys-lfu", 0, false, true, false)]
    [InlineData("volatile-ttl", 1, false, false, true)]
    [InlineData(null, 0, false, false, false)]
    public void Should_refuse_a_policy_that_evicts_events(string? policy, long maxMemory, bool refused, bool warned, bool noted)
    {
        var policyLine = policy is null ? "" : $"maxmemory_policy:{policy}\r\n";
        var info = $"# Memory\r\nused_memory:3\r\nmaxmemory:{maxMemory}\r\n{policyLine}# Stats\r\nevicted_keys:7\r\nrun_id:abc\r\n";

        var read = MemoryPolicy.Parse(info);

        Assert.Equal(new MemoryPolicy(policy, maxMemory, 3, 7, "abc"), read);
        Assert.Equal(maxMemory > 0 ? 3.0 / maxMemory : null, read.Use);
        Assert.Equal((refused, warned, noted), (read.Refusal is not null, read.Warning is not null, read.Note is not null));
    }
}
