using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>Holds a decision to what it chose, and to its explanation.</summary>
internal static class DecisionAssertions
{
    /// <summary>It chose that by that rule, and explains itself in full.</summary>
    public static FailoverDecision Chose(this FailoverDecision decision, FailoverStrategy strategy, string rule)
    {
        var metadata = decision.DecisionMetadata;
        Assert.Equal((strategy, rule), (decision.SelectedAction.Strategy, metadata.Rule));
        Assert.NotEmpty(decision.SelectedAction.Reason);
        Assert.NotEmpty(metadata.PolicyVersion);
        Assert.NotEmpty(metadata.Evidence);
        Assert.InRange(decision.Confidence, double.Epsilon, 1);
        Assert.NotEmpty(decision.AlternativeActions);
        Assert.All(decision.AlternativeActions, lost =>
        {
            Assert.NotEqual(strategy, lost.Strategy);
            Assert.NotEmpty(lost.Reason);
        });
        return decision;
    }

    /// <summary>No guard had a say in it.</summary>
    public static FailoverDecision WithoutGuards(this FailoverDecision decision)
    {
        Assert.Empty(decision.DecisionMetadata.Guards);
        return decision;
    }

    /// <summary>A guard overruled a choice, with that evidence, and what it overruled stands among the alternatives.</summary>
    public static FailoverDecision Overruling(
        this FailoverDecision decision,
        string guard,
        FailoverStrategy overruled,
        params string[] evidence)
    {
        var fired = Assert.Single(decision.DecisionMetadata.Guards, each => each.Guard == guard);
        Assert.Equal(overruled, fired.Overruled);
        Assert.All(evidence, said => Assert.Contains(said, fired.Reason, StringComparison.Ordinal));
        if (overruled != decision.SelectedAction.Strategy)
        {
            Assert.Contains(decision.AlternativeActions, lost => lost.Strategy == overruled);
        }

        return decision;
    }

    /// <summary>The task waits that long before it may be leased.</summary>
    public static FailoverDecision Delaying(this FailoverDecision decision, int seconds)
    {
        Assert.Equal(seconds, decision.SelectedAction.RetryDelaySeconds);
        return decision;
    }

    /// <summary>It used that fact.</summary>
    public static FailoverDecision Knowing(this FailoverDecision decision, string fact, string value)
    {
        Assert.Equal(value, decision.DecisionMetadata.Facts.GetValueOrDefault(fact));
        return decision;
    }

    /// <summary>It was carried out.</summary>
    public static FailoverDecision CarriedOut(this FailoverDecision decision)
    {
        Assert.Equal((DecisionOutcome.Resolved, true), (decision.DecisionMetadata.Outcome, decision.FailureEvent.Resolved));
        Assert.Equal(decision.SelectedAction.Strategy, decision.FailureEvent.ResolutionStrategy);
        return decision;
    }
}
