namespace Morag.Failover.Dashboard.Pages;

/// <summary>The settings in force on the node.</summary>
/// <param name="Settings">The settings, by key.</param>
public sealed record SettingsModel(IReadOnlyList<EffectiveSetting> Settings);

/// <summary>One setting.</summary>
/// <param name="Key">Its full key.</param>
/// <param name="Value">Its value; null if it is a secret, which is not shown.</param>
/// <param name="Origin">Where the value comes from: <c>default</c>, <c>file</c>, <c>environment</c> or <c>command line</c>.</param>
public sealed record EffectiveSetting(string Key, string? Value, string Origin);
