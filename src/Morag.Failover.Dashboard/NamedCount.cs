namespace Morag.Failover.Dashboard;

/// <summary>A number on a page.</summary>
/// <param name="Name">What it counts.</param>
/// <param name="Value">How many; null if that is unknown, because no owner answered.</param>
/// <param name="Tone">Its tone while it is above zero.</param>
/// <param name="Link">The page that lists them; null for none.</param>
public sealed record NamedCount(string Name, long? Value, string Tone, string? Link = null);
