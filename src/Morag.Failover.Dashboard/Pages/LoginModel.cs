namespace Morag.Failover.Dashboard.Pages;

/// <summary>The page that takes a token.</summary>
/// <param name="From">The page to go to afterwards.</param>
/// <param name="Problem">Why the last attempt failed; null if there was none.</param>
public sealed record LoginModel(string From, string? Problem);

/// <summary>A page that says why something did not work.</summary>
/// <param name="Title">What happened.</param>
/// <param name="Detail">Why, and what to do.</param>
/// <param name="Back">The page to go back to.</param>
public sealed record ErrorModel(string Title, string Detail, string Back);
