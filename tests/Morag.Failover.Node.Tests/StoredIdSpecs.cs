using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Ids;
using Morag.Persistence.Redis.Connection;

namespace Morag.Failover.Node.Tests;

/// <summary>The rule for ids is exactly what the journal can store.</summary>
public sealed class StoredIdSpecs
{
    private static readonly KeyLayout[] Layouts = [new("", false), new("p:", false), new("", true), new("p:", true)];

    /// <summary>What the journal puts behind an id to name its counter.</summary>
    private static readonly string Ending = Layouts[0].Counter("x").ToString()[Layouts[0].Events("x").ToString().Length..];

    public static TheoryData<string> Ids =>
    [
        "w", "0", "gpu:1", "gpu~1", "a:b:c", "w:", "w:journal:persisted:x",
        "w" + Ending + "2", "w" + Ending + ":", Ending[1..], "x" + Ending[1..],
        new string('a', Identifier.MaxLength), "video-17.part_2:en@gpu~1+x=y",
    ];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Should_store_whatever_the_rule_allows_under_keys_of_its_own(string id)
    {
        Assert.True(Identifier.IsValid(id));
        var stored = PersistenceIds.Worker(new WorkerId(id));

        KeyLayout.ValidatePersistenceId(stored);
        Assert.All(Layouts, layout =>
        {
            Assert.Equal((stored, false), (layout.PersistenceIdIn(layout.Events(stored).ToString(), out var isCounter), isCounter));
            Assert.Equal((stored, true), (layout.PersistenceIdIn(layout.Counter(stored).ToString(), out isCounter), isCounter));
        });
    }

    [Fact]
    public void Should_refuse_the_ending_that_the_journal_cannot_store()
    {
        Assert.False(Identifier.IsValid("w" + Ending));
        Assert.Throws<ArgumentException>(() => KeyLayout.ValidatePersistenceId(PersistenceIds.Worker(new WorkerId("w" + Ending))));
    }
}
