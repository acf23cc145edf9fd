namespace Morag.Failover.Dashboard;

/// <summary>How urgent something is, most urgent first.</summary>
public enum Urgency
{
    /// <summary>Work cannot proceed.</summary>
    Critical = 0,

    /// <summary>An operator has to act.</summary>
    Error = 1,

    /// <summary>Something may become a problem.</summary>
    Warning = 2,

    /// <summary>Good to know.</summary>
    Info = 3,
}

/// <summary>Something that an operator should look at now.</summary>
/// <param name="Urgency">How urgent it is.</param>
/// <param name="Text">What it is, as a sentence.</param>
/// <param name="Link">The page about it.</param>
public sealed record AttentionItem(Urgency Urgency, string Text, string Link);
