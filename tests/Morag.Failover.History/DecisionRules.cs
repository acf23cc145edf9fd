namespace Morag.Failover.History;

/// <summary>One decision for each failure, carried out once.</summary>
internal static class DecisionRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history)
    {
        var decided = new HashSet<string>(StringComparer.Ordinal);
        var carriedOut = new HashSet<string>(StringComparer.Ordinal);
        foreach (var happening in history)
        {
            switch (happening)
            {
                case DecisionStored decision when !decided.Add(decision.Failure):
                    yield return new(
                        Rule.OneDecisionForEachFailure, decision.At, $"failure {decision.Failure} of {decision.Task} was decided twice");
                    break;
                case DecisionCarriedOutStored carried when !carriedOut.Add(carried.Failure):
                    yield return new(
                        Rule.OneDecisionForEachFailure,
                        carried.At,
                        $"the decision about failure {carried.Failure} of {carried.Task} was carried out twice");
                    break;
                default:
                    break;
            }
        }
    }
}
