using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Morag.Failover.Node.Tests;

/// <summary>Each layer knows only those above it (docs/architecture.md).</summary>
public sealed class LayerSpecs
{
    private static readonly System.Reflection.Assembly Contracts = typeof(Contracts.Ids.TaskId).Assembly;
    private static readonly System.Reflection.Assembly Domain = typeof(Domain.Settings.FailoverSettings).Assembly;
    private static readonly System.Reflection.Assembly Actors = typeof(Actors.IFailoverRegions).Assembly;
    private static readonly System.Reflection.Assembly Journal = typeof(Persistence.Redis.RedisPersistence).Assembly;
    private static readonly System.Reflection.Assembly Embedded = typeof(EmbeddedRedis.EmbeddedRedisOptions).Assembly;

    private static readonly Architecture Architecture = new ArchLoader()
        .LoadAssemblies(Contracts, Domain, Actors, Journal, Embedded)
        .Build();

    /// <summary>What pure code must not touch: other processes, files, networks, clocks, threads.</summary>
    private const string Impure =
        @"^(Akka|StackExchange\.Redis|Microsoft\.AspNetCore|System\.IO\.(File|Stream|Directory|Path)|System\.Net"
        + @"|System\.Threading\.(Thread|Timer|Tasks)|System\.Diagnostics\.(Process|Stopwatch)"
        + @"|System\.Random|System\.TimeProvider|System\.Environment|System\.Console)";

    [Fact]
    public void Should_keep_the_contracts_free_of_actors_and_io() =>
        Types().That().ResideInAssembly(Contracts)
            .Should().NotDependOnAny(Types(includeReferenced: true).That().HaveFullNameMatching(Impure))
            .Check(Architecture);

    [Fact]
    public void Should_keep_the_domain_free_of_actors_io_and_clocks() =>
        Types().That().ResideInAssembly(Domain)
            .Should().NotDependOnAny(Types(includeReferenced: true).That().HaveFullNameMatching(Impure))
            .Check(Architecture);

    [Fact]
    public void Should_keep_the_journal_free_of_failover() =>
        Types().That().ResideInAssembly(Journal)
            .Should().NotDependOnAny(Types(includeReferenced: true).That().HaveFullNameMatching(@"^Morag\.(Failover|EmbeddedRedis)"))
            .Check(Architecture);

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Should_reference_only_the_layers_above(string assembly, string[] allowed)
    {
        var referenced = System.Reflection.Assembly.Load(assembly).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("Morag.", StringComparison.Ordinal));

        Assert.Empty(referenced.Except(allowed));
    }

    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Morag.Failover.Contracts", [] },
        { "Morag.Failover.Domain", ["Morag.Failover.Contracts"] },
        { "Morag.Failover.Actors", ["Morag.Failover.Contracts", "Morag.Failover.Domain"] },
        { "Morag.Failover.Dashboard", ["Morag.Failover.Contracts", "Morag.Failover.Domain"] },
        { "Morag.Persistence.Redis", [] },
        { "Morag.EmbeddedRedis", [] },
    };
}
