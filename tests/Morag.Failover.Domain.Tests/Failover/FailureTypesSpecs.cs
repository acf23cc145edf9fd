using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Failover;
using static Morag.Failover.Contracts.Failover.FailureType;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>The table of failure types: a row for each, with the meaning that the rest of the domain reads.</summary>
public sealed class FailureTypesSpecs
{
    public static TheoryData<FailureType> Types => [.. Enum.GetValues<FailureType>()];

    [Theory]
    [MemberData(nameof(Types))]
    public void Should_have_a_row_with_a_rule_that_always_applies_when_the_type_exists(FailureType type)
    {
        Assert.Equal(type, FailureTypes.Of(type).Type);

        // Without a worker no rule with a condition on it applies: only one without any condition is left.
        var decision = Of(type).WithoutWorker().Decide().Decision;
        Assert.StartsWith(WireName.Of(type), decision.DecisionMetadata.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_have_no_row_when_the_type_does_not_exist()
    {
        Assert.Equal(Enum.GetValues<FailureType>(), FailureTypes.All.Select(row => row.Type));
        Assert.Throws<ArgumentOutOfRangeException>(() => FailureTypes.Of((FailureType)99));
        Assert.Throws<ArgumentOutOfRangeException>(() => FailureTypes.Of((FailureType)(-1)));
    }

    /// <summary>Written out once more, so that a change of the table is a change of this list as well.</summary>
    [Theory]
    [InlineData(WorkerOffline, false, false, PoisonEvidence.WorkerLoss)]
    [InlineData(WorkerOverloaded, false, true, PoisonEvidence.None)]
    [InlineData(NetworkFailure, false, false, PoisonEvidence.None)]
    [InlineData(TaskTimeout, true, true, PoisonEvidence.None)]
    [InlineData(ProcessingError, true, true, PoisonEvidence.ProcessingError)]
    [InlineData(ResourceExhaustion, true, true, PoisonEvidence.None)]
    [InlineData(AuthenticationFailure, false, true, PoisonEvidence.None)]
    public void Should_say_whose_fault_the_failure_is_and_what_it_proves(
        FailureType type, bool isTaskFault, bool countsInWorkerRecord, PoisonEvidence poison)
    {
        var row = FailureTypes.Of(type);

        Assert.Equal((isTaskFault, countsInWorkerRecord, poison), (row.IsTaskFault, row.CountsInWorkerRecord, row.Poison));
    }
}
